// Asks whether the sign-in has completed, and goes on when it has: whenever a socket rings, and now and then in any
// case, more often while there is no socket. It never loads the page anew and never touches the field for the code. It is
// silent, and without a socket, while the page is hidden, where systems cut sockets off and nobody waits for an answer;
// and while the form is on its way: leaving then would throw away the answer that signs in.
//
// Browsers write a handshake that is refused or broken off to the console, whatever a script does. So a socket is opened
// only for a sign-in that was pending a moment ago, after a failure not for a minute, then two, then four, and is closed only
// once it is open.

const firstMs = 3000,
  slowMs = 6000,
  failingMs = 30000,
  submittedMs = 15000,
  listeningMs = 30000
const progress = document.getElementById('progress')
let delay = firstMs,
  timer = 0,
  flight = null,
  ended = false
let socket = null,
  listening = false,
  listenAgainMs = 60000,
  listenAt = 0

const plan = () => {
  clearTimeout(timer)
  if (!ended && !document.hidden) timer = setTimeout(ask, delay)
}
const drop = () => {
  clearTimeout(timer)
  if (flight) flight.abort()
  flight = null
}
const stop = () => {
  drop()
  if (listening) socket.close()
  socket = null
  listening = false
}
const end = () => {
  stop()
  ended = true
  progress.textContent = progress.dataset.ended
}
const proceed = to => {
  stop()
  const url = new URL(to, location.origin)
  if (url.origin === location.origin) location.assign(url)
}

const ask = async () => {
  const mine = new AbortController()
  flight = mine
  if (listening) socket.send('ping')
  try {
    const answer = await fetch('/sign-in/check', {
      headers: { accept: 'application/json' },
      cache: 'no-store',
      signal: mine.signal,
    })
    if (!answer.ok) throw new Error(`status ${answer.status}`)
    const found = await answer.json()
    if (mine !== flight) return
    if (found.state === 'completed') return proceed(found.location)
    if (found.state === 'ended') return end()
    delay = listening ? listeningMs : Math.min(delay * 1.1, slowMs)
    listen()
  } catch {
    if (mine !== flight) return
    delay = Math.min(delay * 2, failingMs)
  }
  plan()
}
const askAtOnce = () => {
  drop()
  delay = firstMs
  ask()
}

const listen = () => {
  if (socket || document.hidden || Date.now() < listenAt) return
  let mine
  try {
    mine = socket = new WebSocket(`${location.origin.replace('http', 'ws')}/sign-in/live`)
  } catch {
    listenAt = Infinity
    return
  }
  mine.onopen = () => {
    if (mine !== socket) return mine.close()
    listening = true
    askAtOnce()
  }
  mine.onmessage = ({ data }) => {
    if (mine === socket && data !== 'pong') askAtOnce()
  }
  mine.onclose = () => {
    if (mine !== socket) return
    socket = null
    listenAt = Date.now() + listenAgainMs
    listenAgainMs *= 2
    if (!listening) return
    listening = false
    askAtOnce()
  }
}

addEventListener('submit', () => {
  stop()
  delay = submittedMs
  plan()
})
document.addEventListener('visibilitychange', () => {
  stop()
  if (document.hidden || ended) return
  delay = firstMs
  ask()
})
addEventListener('pageshow', event => {
  if (!event.persisted || ended) return
  stop()
  delay = firstMs
  plan()
})

progress.textContent = progress.dataset.waiting
plan()
listen()
