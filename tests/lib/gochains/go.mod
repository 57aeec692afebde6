module fixture/chains

go 1.19
