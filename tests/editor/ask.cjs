// Asks yaml-language-server what an editor would: reads {schema, hovers, completions, files} as JSON, prints the answers.
const { getLanguageService, SchemaPriority } = require("yaml-language-server");
const { TextDocument } = require("vscode-languageserver-textdocument");
const { SettingsState } = require("yaml-language-server/out/server/src/yamlSettings");

const asked = JSON.parse(require("fs").readFileSync(0, "utf-8"));
const settings = new SettingsState();
const service = getLanguageService({
  schemaRequestService: () => Promise.reject(new Error("nothing is fetched")),
  workspaceContext: { resolveRelativePath: (path) => path },
  yamlSettings: settings,
  clientCapabilities: { textDocument: { completion: { completionItem: { documentationFormat: ["markdown"] } } } },
});
service.configure({
  validate: true, hover: true, completion: true, yamlVersion: "1.2",
  schemas: [{ uri: "file:///scenario.schema.json", fileMatch: ["*.yaml"], schema: asked.schema, priority: 1 }],
});

let number = 0;
function open(text) {
  const document = TextDocument.create(`file:///${number++}.yaml`, "yaml", 0, text);
  settings.documents = { get: () => document };
  return document;
}

async function main() {
  const answers = { hovers: [], completions: [], files: [] };
  for (const { text, line, character } of asked.hovers) {
    const hover = await service.doHover(open(text), { line, character });
    answers.hovers.push(hover === null ? "" : hover.contents.value);
  }
  for (const { text, line, character } of asked.completions) {
    const list = await service.doComplete(open(text), { line, character }, false);
    answers.completions.push(list.items.map((item) => item.label));
  }
  for (const text of asked.files) {
    const found = await service.doValidation(open(text), false);
    answers.files.push(found.map((problem) => `${problem.range.start.line + 1}: ${problem.message}`));
  }
  process.stdout.write(JSON.stringify(answers));
}

main().catch((error) => { console.error(error); process.exit(1); });
