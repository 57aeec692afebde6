module golines

go 1.18
