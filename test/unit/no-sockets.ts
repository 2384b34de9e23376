// Stands for cloudflare:sockets where there are none: nothing is sent by SMTP there.
export const connect = null
