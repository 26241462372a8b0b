// An application with Redis, in Go's standard library, and a switch for each flaw: main [FLAW]
package main

import (
	"bufio"
	"errors"
	"log"
	"net"
	"net/http"
	"net/url"
	"os"
	"os/signal"
	"syscall"
	"time"
)

var (
	flaw string
	kept net.Conn
)

func dial() (net.Conn, error) {
	address, err := url.Parse(os.Getenv("REDIS_URL"))
	if err != nil {
		return nil, err
	}
	return net.DialTimeout("tcp", address.Host, time.Second)
}

func ping(connection net.Conn) error {
	if flaw != "no timeout" {
		connection.SetDeadline(time.Now().Add(time.Second))
	}
	if _, err := connection.Write([]byte("PING\r\n")); err != nil {
		return err
	}
	line, err := bufio.NewReader(connection).ReadString('\n')
	if err == nil && line != "+PONG\r\n" {
		err = errors.New(line)
	}
	return err
}

func look() error {
	if flaw == "blind" {
		return nil
	}
	if flaw == "never reconnects" {
		return ping(kept)
	}
	connection, err := dial()
	if err != nil {
		return err
	}
	defer connection.Close()
	return ping(connection)
}

func answer(response http.ResponseWriter, request *http.Request) {
	if err := look(); err != nil {
		if flaw == "dies" {
			log.Fatal(err)
		}
		http.Error(response, "error", http.StatusServiceUnavailable)
		return
	}
	response.Write([]byte("ok"))
}

func main() {
	if len(os.Args) > 1 {
		flaw = os.Args[1]
	}
	if flaw == "never reconnects" {
		kept, _ = dial()
	}
	http.HandleFunc("/__heartbeat__", answer)
	http.HandleFunc("/__lbheartbeat__", func(response http.ResponseWriter, request *http.Request) {
		if flaw == "needs it for the load balancer" {
			answer(response, request)
		}
	})
	http.HandleFunc("/__version__", func(response http.ResponseWriter, request *http.Request) {
		response.Header().Set("Content-Type", "application/json")
		content, _ := os.ReadFile("version.json")
		response.Write(content)
	})
	stop := make(chan os.Signal, 1)
	signal.Notify(stop, syscall.SIGTERM)
	go func() { log.Fatal(http.ListenAndServe(":"+os.Getenv("PORT"), nil)) }()
	<-stop
}
