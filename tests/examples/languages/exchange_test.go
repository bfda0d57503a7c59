// The README's two tests of pytest in Go, on its standard library: go test exchange_test.go
package exchange_test

import (
	"bufio"
	"bytes"
	"encoding/binary"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"os"
	"reflect"
	"testing"
	"time"
)

const pair = "BTC Crypto/USD*COINBASE/DIRECT"

type object = map[string]any

func control() string {
	if address := os.Getenv("EXCHANGE"); address != "" {
		return address + "/_exchange"
	}
	return "http://127.0.0.1:6001/_exchange"
}

// call makes a call, and reads what it gives into a value.
func call(t *testing.T, method, path string, body any, gives any) {
	t.Helper()
	text, _ := json.Marshal(body)
	request, _ := http.NewRequest(method, control()+path, bytes.NewReader(text))
	request.Header.Set("Content-Type", "application/json")
	answer, err := http.DefaultClient.Do(request)
	if err != nil {
		t.Fatal(err)
	}
	defer answer.Body.Close()
	data, _ := io.ReadAll(answer.Body)
	if answer.StatusCode >= 300 {
		t.Fatalf("%s %s: %s %s", method, path, answer.Status, data)
	}
	if gives != nil {
		if err := json.Unmarshal(data, gives); err != nil {
			t.Fatal(err)
		}
	}
}

// world makes a world for one test, and returns the path of its calls and a connection to it.
func world(t *testing.T, scenario object, clock string) (string, *venue) {
	t.Helper()
	name := fmt.Sprintf("go-%d", time.Now().UnixNano())
	var made struct{ URL string }
	call(t, "POST", "/worlds", object{"name": name, "scenario": scenario, "clock": clock}, &made)
	t.Cleanup(func() { call(t, "DELETE", "/worlds/"+name, object{}, nil) })
	connection := dial(t, made.URL+"/")
	t.Cleanup(func() { connection.Close() })
	return "/worlds/" + name, connection
}

// venue is a WebSocket (RFC 6455), as far as these tests need one.
type venue struct {
	net.Conn
	reader *bufio.Reader
}

func dial(t *testing.T, address string) *venue {
	t.Helper()
	parsed, err := url.Parse(address)
	if err != nil {
		t.Fatal(err)
	}
	connection, err := net.Dial("tcp", parsed.Host)
	if err != nil {
		t.Fatal(err)
	}
	connection.SetDeadline(time.Now().Add(20 * time.Second))
	fmt.Fprintf(connection, "GET %s HTTP/1.1\r\nHost: %s\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n"+
		"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n\r\n", parsed.Path, parsed.Host)
	reader := bufio.NewReader(connection)
	answer, err := http.ReadResponse(reader, nil)
	if err != nil || answer.StatusCode != http.StatusSwitchingProtocols {
		t.Fatal(answer, err)
	}
	return &venue{connection, reader}
}

func (v *venue) send(message any) {
	text, _ := json.Marshal(message)
	frame := []byte{0x81, 0x80 | 126, 0, 0, 0, 0, 0, 0} // a whole text, masked with zeros
	binary.BigEndian.PutUint16(frame[2:], uint16(len(text)))
	v.Write(append(frame, text...))
}

func (v *venue) receive(t *testing.T) object {
	t.Helper()
	head := make([]byte, 2)
	if _, err := io.ReadFull(v.reader, head); err != nil {
		t.Fatal(err)
	}
	length := int(head[1])
	if length == 126 {
		long := make([]byte, 2)
		io.ReadFull(v.reader, long)
		length = int(binary.BigEndian.Uint16(long))
	}
	data := make([]byte, length)
	io.ReadFull(v.reader, data)
	var message object
	if err := json.Unmarshal(data, &message); err != nil {
		t.Fatal(err)
	}
	return message
}

func buy(id int, price string) object {
	return object{"id": id, "type": "SendLimitOrder", "account": "DEFAULT", "dir": "Buy", "price": price,
		"quantity": "1", "target": pair}
}

type order struct {
	State     []string
	FilledQty string `json:"filled_qty"`
}

func TestSlowPartialFill(t *testing.T) {
	steps := []any{object{"delay": "250ms"}, "ack", object{"fill": "40%"}}
	rules := []any{object{"when": object{"dir": "Buy"}, "then": steps}}
	path, venue := world(t, object{"rules": rules}, "manual")
	venue.send(buy(1, "10000"))
	if got := venue.receive(t); !reflect.DeepEqual(got["response"], object{"Ok": "1"}) {
		t.Fatal(got)
	}
	var orders []order
	call(t, "GET", path+"/orders", nil, &orders)
	if !reflect.DeepEqual(orders[0].State, []string{"Open"}) {
		t.Fatal(orders)
	}
	call(t, "POST", path+"/advance", object{"by": "250ms"}, nil)
	call(t, "GET", path+"/orders", nil, &orders)
	if orders[0].FilledQty != "0.4" {
		t.Fatal(orders)
	}
	var received struct {
		IsMet bool `json:"is_met"`
		Found []object
	}
	want := object{"request": "SendLimitOrder", "quantity": object{"ge": 1}}
	call(t, "POST", path+"/received", object{"when": want}, &received)
	if !received.IsMet {
		t.Fatal(received)
	}
	call(t, "POST", path+"/received", object{"when": object{"request": "CancelOrder"}, "count": 0}, &received)
	if len(received.Found) != 0 {
		t.Fatal("a cancel came: ", received.Found)
	}
}

func TestFillToldTwice(t *testing.T) {
	path, venue := world(t, object{}, "real")
	venue.send(object{"id": 7, "type": "SubscribeOrderState"})
	venue.send(buy(1, "10"))
	var received struct {
		IsMet bool `json:"is_met"`
	}
	call(t, "POST", path+"/received", object{"when": object{"request": "SendLimitOrder"}, "timeout": 5}, &received)
	if !received.IsMet {
		t.Fatal("no order has come")
	}
	step := object{"fill": object{"order": "last", "quantity": "rest", "send": "twice"}}
	call(t, "POST", path+"/do", object{"steps": []any{step}}, nil)
	last, update := object{}, venue.receive(t)
	for !reflect.DeepEqual(last, update) {
		last, update = update, venue.receive(t)
	}
	told := update["response"].(object)["Ok"].([]any)[0].(object)
	if !reflect.DeepEqual(told["state"], []any{"Acked", "Filled", "Out"}) {
		t.Fatal(told)
	}
	var fills []struct{ Quantity string }
	call(t, "GET", path+"/fills", nil, &fills)
	if len(fills) != 1 || fills[0].Quantity != "1" {
		t.Fatal(fills)
	}
}
