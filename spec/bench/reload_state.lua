-- What reload.lua and all editions of its bots share.
return { edition = 0, joined = 0, dropped = 0, received = 0, wrong = 0, stale = 0, settled = 0 }
