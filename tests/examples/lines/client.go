// A client in Go for `certify --lines`: go run client.go, with golang.org/x/net/websocket.
package main

import (
	"bufio"
	"encoding/json"
	"fmt"
	"os"
	"sync"

	"golang.org/x/net/websocket"
)

type fields map[string]any

var (
	venue   *websocket.Conn
	lock    sync.Mutex
	last    int
	replies = map[int]chan any{}
	ids     = map[string]string{}
	product string
)

func read() {
	for {
		var message struct {
			Id       int
			Response struct{ Ok any }
		}
		if websocket.JSON.Receive(venue, &message) != nil {
			return
		}
		lock.Lock()
		if reply := replies[message.Id]; reply != nil {
			delete(replies, message.Id)
			reply <- message.Response.Ok
		}
		lock.Unlock()
	}
}

func ask(kind string, request fields) any {
	lock.Lock()
	last++
	reply := make(chan any, 1)
	replies[last], request["id"], request["type"] = reply, last, kind
	websocket.JSON.Send(venue, request)
	lock.Unlock()
	return <-reply
}

func order(side, price, quantity string) string {
	terms := fields{"account": "DEFAULT", "dir": side, "price": price, "quantity": quantity, "target": product}
	id, _ := ask("SendLimitOrder", terms).(string)
	return id
}

func states() (told map[string]map[string]any) {
	all := []string{}
	for _, id := range ids {
		all = append(all, id)
	}
	told = map[string]map[string]any{}
	for _, one := range ask("GetOrderDetails", fields{"order_ids": all}).([]any) {
		state := one.(map[string]any)
		told[state["order_id"].(string)] = state
	}
	return
}

func flatten() {
	held := 0.0
	for id, state := range states() {
		ask("CancelOrder", fields{"order_id": id})
		var filled float64
		fmt.Sscan(state["filled_qty"].(string), &filled)
		held += map[any]float64{"Buy": filled, "Sell": -filled}[state["dir"]]
	}
	book := ask("SubscribeBook", fields{"tradable_product": product, "width": 1}).(map[string]any)
	side, levels := "Sell", book["buy"].([]any)
	if held < 0 {
		side, levels, held = "Buy", book["sell"].([]any), -held
	}
	if held > 0 {
		order(side, levels[len(levels)-1].(map[string]any)["price"].(string), fmt.Sprintf("%.9f", held))
	}
}

func belief() fields {
	orders, told := fields{}, states()
	for tag, id := range ids {
		outcome := "open"
		for _, flag := range told[id]["state"].([]any) {
			if word := map[any]string{"Filled": "filled", "Canceled": "canceled", "Rejected": "rejected"}[flag]; word != "" {
				outcome = word
			}
		}
		orders[tag] = fields{"outcome": outcome, "filled": told[id]["filled_qty"]}
	}
	return fields{"orders": orders}
}

func main() {
	for lines := bufio.NewScanner(os.Stdin); lines.Scan(); {
		var line struct {
			Id                                               int
			Do, Ask, Url, Tag, Side, Price, Quantity, Product string
		}
		json.Unmarshal(lines.Bytes(), &line)
		answer := fields{"id": line.Id, "done": true}
		switch line.Do + line.Ask {
		case "start":
			var err error
			if venue, err = websocket.Dial(line.Url+"/", "", line.Url); err != nil {
				answer = fields{"id": line.Id, "failed": err.Error()}
			} else {
				go read()
			}
		case "submit":
			product = line.Product
			ids[line.Tag] = order(line.Side, line.Price, line.Quantity)
		case "cancel":
			ask("CancelOrder", fields{"order_id": ids[line.Tag]})
		case "flatten":
			flatten()
		case "belief":
			answer = fields{"id": line.Id, "belief": belief()}
		case "stop":
			venue.Close()
		}
		text, _ := json.Marshal(answer)
		fmt.Println(string(text))
	}
}
