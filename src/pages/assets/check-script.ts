// Asks now and then whether the sign-in has completed, and goes on when it has. It never reloads the page and never
// touches the field for the code. It is silent while the page is hidden, and while the form is on its way: leaving
// then would throw away the answer that signs in.

export const CHECK_SCRIPT = `'use strict'
{
  const firstMs = 3000, slowMs = 6000, failingMs = 30000, submittedMs = 15000
  const progress = document.getElementById('progress')
  let delay = firstMs, timer = 0, flight = null, ended = false

  const plan = () => {
    clearTimeout(timer)
    if (!ended && !document.hidden) timer = setTimeout(ask, delay)
  }
  const stop = () => {
    clearTimeout(timer)
    if (flight) flight.abort()
    flight = null
  }
  const end = () => {
    ended = true
    progress.textContent = progress.dataset.ended
  }
  const proceed = to => {
    const url = new URL(to, location.origin)
    if (url.origin === location.origin) location.assign(url)
  }

  const ask = async () => {
    const mine = flight = new AbortController()
    try {
      const answer = await fetch('/sign-in/check', {
        headers: { accept: 'application/json' }, cache: 'no-store', signal: mine.signal
      })
      if (!answer.ok) throw new Error('status ' + answer.status)
      const found = await answer.json()
      if (mine !== flight) return
      if (found.state === 'completed') return proceed(found.location)
      if (found.state === 'ended') return end()
      delay = Math.min(delay * 1.1, slowMs)
    } catch {
      if (mine !== flight) return
      delay = Math.min(delay * 2, failingMs)
    }
    plan()
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
}
`
