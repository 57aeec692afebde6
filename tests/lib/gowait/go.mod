module gowait

go 1.18
