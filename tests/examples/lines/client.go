// A client in Go for `certify --lines`: go run client.go, with golang.org/x/net/websocket.
package main

import (
	"bufio"
	"encoding/json"
	"fmt"
	"os"

	"golang.org/x/net/websocket"
)

type fields = map[string]any

var (
	venue *websocket.Conn
	last  int
	ids   = fields{}
)

func ask(kind string, request fields) any {
	last++
	request["id"], request["type"] = last, kind
	websocket.JSON.Send(venue, request)
	message := fields{}
	for websocket.JSON.Receive(venue, &message) == nil {
		if message["id"] == float64(last) {
			return message["response"].(fields)["Ok"]
		}
	}
	panic("the connection has ended")
}

func send(tag string, side, price, quantity, product any) {
	ids[tag] = ask("SendLimitOrder", fields{
		"account": "DEFAULT", "dir": side, "price": price, "quantity": quantity, "target": product})
}

func details() []any {
	all := []any{}
	for _, id := range ids {
		all = append(all, id)
	}
	return ask("GetOrderDetails", fields{"order_ids": all}).([]any)
}

func flatten() {
	var held, filled float64
	var product any
	for _, one := range details() {
		order := one.(fields)
		ask("CancelOrder", fields{"order_id": order["order_id"]})
		fmt.Sscan(order["filled_qty"].(string), &filled)
		held += map[any]float64{"Buy": filled, "Sell": -filled}[order["dir"]]
		product = order["tradable_product"]
	}
	book := ask("SubscribeBook", fields{"tradable_product": product, "width": 1}).(fields)
	side, levels := "Sell", book["buy"].([]any)
	if held < 0 {
		side, levels, held = "Buy", book["sell"].([]any), -held
	}
	if held > 0 {
		send("flat", side, levels[len(levels)-1].(fields)["price"], fmt.Sprintf("%.9f", held), product)
	}
}

func belief() fields {
	filled, orders := fields{}, fields{}
	for _, one := range details() {
		filled[one.(fields)["order_id"].(string)] = one.(fields)["filled_qty"]
	}
	for tag, id := range ids {
		orders[tag] = fields{"filled": filled[id.(string)]}
	}
	return fields{"orders": orders}
}

func main() {
	for lines := bufio.NewScanner(os.Stdin); lines.Scan(); {
		line := fields{}
		json.Unmarshal(lines.Bytes(), &line)
		answer := fields{"id": line["id"], "done": true}
		switch tag, _ := line["tag"].(string); line["do"] {
		case "start":
			venue, _ = websocket.Dial(line["url"].(string)+"/", "", line["url"].(string))
		case "submit":
			send(tag, line["side"], line["price"], line["quantity"], line["product"])
		case "cancel":
			ask("CancelOrder", fields{"order_id": ids[tag]})
		case "flatten":
			flatten()
		case "stop":
			venue.Close()
		default:
			answer["belief"] = belief()
		}
		json.NewEncoder(os.Stdout).Encode(answer)
	}
}
