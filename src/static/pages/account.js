// Keeps the account page true while it is open. A live socket says that something has changed, never what: the page is
// fetched again, and its regions (data-live) take the place of the former ones. So every word and every form is the
// server's. What somebody is busy with waits until they are done, and nothing is pressed that has just moved.

const firstMs = 1000,
  slowestMs = 60000,
  beatMs = 25000,
  beatsFresh = 2,
  submittedMs = 15000,
  movedMs = 500
const sessionEnded = 4001,
  tooMany = 4003
const main = document.querySelector('main')
let socket = null,
  isAnswered = true,
  delay = firstMs,
  retry = 0,
  beating = 0
let flight = null,
  isAskedAgain = false,
  isStale = false,
  newest = null,
  isSent = false,
  moved = 0,
  beatsLeft = 0

const isOpen = () => socket !== null && socket.readyState === WebSocket.OPEN
const isBusy = part => part.contains(document.activeElement) || part.querySelector('details[open]') !== null
const tokenOf = page => page.querySelector('meta[name=csrf-token]')
const isQuiet = () => document.hidden || isSent

const leave = () => {
  if (isSent) return
  stop()
  isSent = true
  location.assign('/account')
}

// Times alone are written anew in their place, so that nothing is read out again because a minute has passed.
const withoutTimes = part => {
  const copy = part.cloneNode(true)
  for (const time of copy.querySelectorAll('time')) time.remove()
  return copy
}
const tell = (part, fresh) => {
  const times = fresh.querySelectorAll('time')
  part.querySelectorAll('time').forEach((time, at) => {
    if (time.textContent === times[at].textContent) return
    time.dateTime = times[at].dateTime
    time.firstChild.data = times[at].textContent
  })
}
const mark = () => {
  clearTimeout(moved)
  main.classList.add('moved')
  moved = setTimeout(() => main.classList.remove('moved'), movedMs)
}
const settle = (part, fresh) => {
  if (withoutTimes(part).isEqualNode(withoutTimes(fresh))) return tell(part, fresh)
  if (isBusy(part)) return
  part.replaceChildren(...document.importNode(fresh, true).childNodes)
  mark()
}
const settleCards = (list, fresh) => {
  for (const card of [...list.children]) {
    if (newest.getElementById(card.id) || isBusy(card)) continue
    card.remove()
    mark()
  }
  let next = null
  for (const card of [...fresh.children].reverse()) {
    const former = document.getElementById(card.id)
    if (former) settle(former, card)
    else {
      list.insertBefore(document.importNode(card, true), next)
      mark()
    }
    next = document.getElementById(card.id)
  }
}
const apply = () => {
  if (newest === null || isSent) return
  const { content: token } = tokenOf(newest)
  tokenOf(document).content = token
  for (const field of document.getElementsByName('csrf_token')) field.setAttribute('value', token)
  for (const part of document.querySelectorAll('[data-live]')) {
    const fresh = newest.getElementById(part.id)
    if (fresh) (part.dataset.live === 'by-card' ? settleCards : settle)(part, fresh)
  }
}

const refresh = async () => {
  isStale = true
  beatsLeft = beatsFresh
  if (isQuiet()) return
  if (flight !== null) {
    isAskedAgain = true
    return
  }
  const mine = new AbortController()
  flight = mine
  isAskedAgain = false
  try {
    const answer = await fetch(location.pathname + location.search, {
      headers: { accept: 'text/html' },
      cache: 'no-store',
      redirect: 'manual',
      signal: mine.signal,
    })
    if (answer.type === 'opaqueredirect') return leave()
    if (!answer.ok) throw new Error(`status ${answer.status}`)
    const page = new DOMParser().parseFromString(await answer.text(), 'text/html')
    if (mine !== flight || tokenOf(page) === null) return
    newest = page
    isStale = isAskedAgain
    apply()
  } catch {
    // The next beat asks again.
  } finally {
    if (mine === flight) {
      flight = null
      if (isAskedAgain) refresh()
    }
  }
}

const connect = () => {
  clearTimeout(retry)
  if (isQuiet() || socket !== null) return
  const url = new URL('/v1/sessions/live', location.href)
  url.protocol = url.protocol.replace('http', 'ws')
  let mine
  try {
    mine = socket = new WebSocket(url)
  } catch {
    // A browser whose policy knows no sockets: the beat asks.
    return
  }
  mine.onopen = () => {
    if (mine !== socket) return mine.close()
    delay = firstMs
    isAnswered = true
    refresh()
  }
  mine.onmessage = ({ data }) => {
    if (mine !== socket) return
    if (data === 'pong') isAnswered = true
    else refresh()
  }
  mine.onclose = ({ code }) => {
    if (mine !== socket) return
    socket = null
    if (code === sessionEnded) leave()
    else if (code !== tooMany) plan()
  }
}
const plan = () => {
  clearTimeout(retry)
  retry = setTimeout(connect, delay * (0.5 + Math.random()))
  delay = Math.min(delay * 2, slowestMs)
}
// One that has not opened yet closes itself when it does: closing it before is an error on the console.
const drop = () => {
  const former = socket
  socket = null
  if (former !== null && former.readyState === WebSocket.OPEN) former.close()
}

// Without a socket the page is asked at every beat. With one, that nothing is said is no reason to let times grow old; and
// it is asked whether anybody is still there.
const beat = () => {
  if (isQuiet()) return
  beatsLeft -= 1
  if (isStale || !isOpen() || beatsLeft === 0) refresh()
  if (!isOpen()) return
  if (!isAnswered) {
    drop()
    plan()
    return
  }
  isAnswered = false
  socket.send('ping')
}

const start = () => {
  delay = firstMs
  clearInterval(beating)
  beating = setInterval(beat, beatMs)
  connect()
}
const resume = () => {
  isSent = false
  start()
  refresh()
}
const stop = () => {
  clearTimeout(retry)
  clearInterval(beating)
  drop()
  if (flight) flight.abort()
  flight = null
}

addEventListener('submit', event => {
  if (event.defaultPrevented) return
  // Leaving now would throw away the answer, which may sign out.
  stop()
  isSent = true
  retry = setTimeout(resume, submittedMs)
})
addEventListener('pagehide', stop)
addEventListener('pageshow', event => {
  if (event.persisted) resume()
})
addEventListener('online', () => {
  if (!isQuiet()) start()
})
document.addEventListener('visibilitychange', () => {
  if (isQuiet()) return
  start()
  refresh()
})
// Whoever was busy is done: what has waited takes its place.
document.addEventListener('focusout', () => setTimeout(apply))
document.addEventListener('toggle', apply, true)

start()
