module fixture/goroutines

go 1.18
