// The README's two tests of pytest in Java, on its standard library: java ExchangeTest.java
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.net.http.WebSocket;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

public class ExchangeTest {
    static final String ADDRESS = System.getenv().getOrDefault("EXCHANGE", "http://127.0.0.1:6001");
    static final HttpClient HTTP = HttpClient.newBuilder().version(HttpClient.Version.HTTP_1_1).build();
    static final String BUY = "\"type\": \"SendLimitOrder\", \"account\": \"DEFAULT\", \"dir\": \"Buy\", \"quantity\": \"1\", "
        + "\"target\": \"BTC Crypto/USD*COINBASE/DIRECT\"";

    /** Makes a call, and returns the JSON that it gives; Java has no reader of JSON of its own. */
    static String call(String method, String path, String body) throws Exception {
        HttpRequest request = HttpRequest.newBuilder(URI.create(ADDRESS + "/_exchange" + path))
            .header("Content-Type", "application/json")
            .method(method, method.equals("GET") ? HttpRequest.BodyPublishers.noBody() : HttpRequest.BodyPublishers.ofString(body))
            .build();
        HttpResponse<String> answer = HTTP.send(request, HttpResponse.BodyHandlers.ofString());
        expect(answer.statusCode() < 300, method + " " + path + ": " + answer.statusCode() + " " + answer.body());
        return answer.body();
    }

    /** A world for one test, and a connection to it. */
    static class World implements AutoCloseable {
        final String path;
        final WebSocket venue;
        final BlockingQueue<String> messages = new LinkedBlockingQueue<>();

        World(String scenario, String clock) throws Exception {
            String name = "java-" + System.nanoTime();
            path = "/worlds/" + name;
            String made = call("POST", "/worlds",
                "{\"name\": \"" + name + "\", \"scenario\": " + scenario + ", \"clock\": \"" + clock + "\"}");
            Matcher url = Pattern.compile("\"url\":\"([^\"]+)\"").matcher(made);
            expect(url.find(), made);
            StringBuilder text = new StringBuilder();
            venue = HTTP.newWebSocketBuilder().buildAsync(URI.create(url.group(1) + "/"), new WebSocket.Listener() {
                @Override
                public CompletionStage<?> onText(WebSocket socket, CharSequence data, boolean isLast) {
                    text.append(data);
                    if (isLast) {
                        messages.add(text.toString());
                        text.setLength(0);
                    }
                    socket.request(1);
                    return null;
                }
            }).get(10, TimeUnit.SECONDS);
        }

        void send(String message) throws Exception {
            venue.sendText(message, true).get(10, TimeUnit.SECONDS);
        }

        String receive() throws Exception {
            String message = messages.poll(10, TimeUnit.SECONDS);
            expect(message != null, "nothing came");
            return message;
        }

        @Override
        public void close() throws Exception {
            venue.abort();
            call("DELETE", path, "{}");
        }
    }

    static void expect(boolean isSo, String otherwise) {
        if (!isSo) {
            throw new AssertionError(otherwise);
        }
    }

    static void slowPartialFill() throws Exception {
        String rules = "{\"rules\": [{\"when\": {\"dir\": \"Buy\"}, \"then\": [{\"delay\": \"250ms\"}, \"ack\", {\"fill\": \"40%\"}]}]}";
        try (World world = new World(rules, "manual")) {
            world.send("{\"id\": 1, \"price\": \"10000\", " + BUY + "}");
            String reply = world.receive();
            expect(reply.equals("{\"id\":1,\"response\":{\"Ok\":\"1\"}}"), reply);
            String orders = call("GET", world.path + "/orders", "");
            expect(orders.contains("\"state\":[\"Open\"]"), orders);
            call("POST", world.path + "/advance", "{\"by\": \"250ms\"}");
            orders = call("GET", world.path + "/orders", "");
            expect(orders.contains("\"filled_qty\":\"0.4\""), orders);
            String received = call("POST", world.path + "/received",
                "{\"when\": {\"request\": \"SendLimitOrder\", \"quantity\": {\"ge\": 1}}}");
            expect(received.contains("\"is_met\":true"), received);
            received = call("POST", world.path + "/received", "{\"when\": {\"request\": \"CancelOrder\"}, \"count\": 0}");
            expect(received.contains("\"found\":[]"), received);
        }
    }

    static void fillToldTwice() throws Exception {
        try (World world = new World("{}", "real")) {
            world.send("{\"id\": 7, \"type\": \"SubscribeOrderState\"}");
            world.send("{\"id\": 1, \"price\": \"10\", " + BUY + "}");
            String received = call("POST", world.path + "/received",
                "{\"when\": {\"request\": \"SendLimitOrder\"}, \"timeout\": 5}");
            expect(received.contains("\"is_met\":true"), received);
            call("POST", world.path + "/do",
                "{\"steps\": [{\"fill\": {\"order\": \"last\", \"quantity\": \"rest\", \"send\": \"twice\"}}]}");
            String last = "";
            String update = world.receive();
            while (!update.equals(last)) {
                last = update;
                update = world.receive();
            }
            expect(update.contains("\"state\":[\"Acked\",\"Filled\",\"Out\"]"), update);
            String fills = call("GET", world.path + "/fills", "");
            expect(fills.split("\"fill_id\"", -1).length == 2 && fills.contains("\"quantity\":\"1\""), fills);
        }
    }

    public static void main(String[] arguments) throws Exception {
        slowPartialFill();
        fillToldTwice();
        System.out.println("2 passed");
    }
}
