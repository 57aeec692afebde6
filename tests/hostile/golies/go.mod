module fixture/golies

go 1.18
