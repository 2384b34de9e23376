// Swallows the second click of a double click: a link or a code works once, and the answer to the first would be lost.

const pauseMs = 3000
let sentAt = -Infinity

addEventListener('submit', event => {
  if (event.timeStamp - sentAt < pauseMs) event.preventDefault()
  else sentAt = event.timeStamp
})
addEventListener('pageshow', () => {
  sentAt = -Infinity
})
