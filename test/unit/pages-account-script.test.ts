import { runInNewContext } from 'node:vm'
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import { textOfAsset } from '../assets.ts'

const ACCOUNT_SCRIPT = textOfAsset('account.js')
const ORIGIN = 'https://auth.test'

interface FakeSocket {
  readonly url: string
  readonly sent: string[]
  readyState: number
  isClosed: boolean
  onopen: () => void
  onmessage: (event: { data: string }) => void
  onclose: (event: { code: number }) => void
}

/** The account page in a browser: its regions are none, its sockets the test's. */
function openAccount(answer: () => unknown = () => ({ ok: true, text: async () => '' })) {
  const listeners: Record<string, ((event: unknown) => void)[]> = {}
  const listen = (type: string, listener: (event: unknown) => void) => {
    listeners[type] = [...(listeners[type] ?? []), listener]
  }
  const sockets: FakeSocket[] = []
  class WebSocket {
    static readonly OPEN = 1
    readonly sent: string[] = []
    readyState = 0
    isClosed = false
    readonly url: string
    constructor(url: string) {
      this.url = url
      sockets.push(this as unknown as FakeSocket)
    }
    send(text: string) {
      this.sent.push(text)
    }
    close() {
      this.isClosed = true
    }
  }
  const page = {
    hidden: false,
    querySelector: () => ({ content: 'token', classList: {} }),
    querySelectorAll: () => [],
    getElementsByName: () => [],
    addEventListener: listen,
  }
  const assign = vi.fn()
  const fetch = vi.fn(async (_path: string, _init: RequestInit) => answer())
  runInNewContext(ACCOUNT_SCRIPT, {
    ...{ setTimeout, clearTimeout, setInterval, clearInterval, AbortController, URL, WebSocket, fetch },
    document: page,
    addEventListener: listen,
    location: { href: `${ORIGIN}/account?notice=x`, pathname: '/account', search: '?notice=x', assign },
    DOMParser: class {
      parseFromString = () => page
    },
  })
  const emit = (type: string, event: unknown = {}) => {
    for (const listener of listeners[type] ?? []) listener(event)
  }
  const open = (socket = sockets.at(-1)) => {
    if (socket === undefined) throw new Error('no socket')
    socket.readyState = 1
    socket.onopen()
    return socket
  }
  const close = (socket: FakeSocket, code: number) => {
    socket.readyState = 3
    socket.onclose({ code })
  }
  return { page, sockets, fetch, emit, open, close, went: () => assign.mock.calls.flat() }
}

const HEARD = { data: '{"seq":2}' }
const LONG_MS = 600_000

describe('SE-10 the script of the account page', () => {
  beforeEach(() => void vi.useFakeTimers())
  afterEach(() => void vi.useRealTimers())

  test('SE-10 listens where it came from, and fetches its own page once it does, and at a message', async () => {
    const { sockets, fetch, open } = openAccount()
    expect(sockets.map(({ url }) => String(url))).toEqual(['wss://auth.test/v1/sessions/live'])
    expect(fetch).not.toHaveBeenCalled()
    const socket = open()
    await vi.advanceTimersByTimeAsync(0)
    socket.onmessage(HEARD)
    await vi.advanceTimersByTimeAsync(0)
    expect(fetch.mock.calls).toEqual([
      ['/account?notice=x', expect.objectContaining({ cache: 'no-store', redirect: 'manual' })],
      ['/account?notice=x', expect.anything()],
    ])
  })

  test('messages that arrive together cause one fetch, and those during a fetch one more', async () => {
    let arrive = (_: unknown) => {}
    const { fetch, open } = openAccount(
      () =>
        new Promise(resolve => {
          arrive = resolve
        }),
    )
    const socket = open()
    for (let nth = 0; nth < 9; nth++) socket.onmessage(HEARD)
    await vi.advanceTimersByTimeAsync(0)
    expect(fetch).toHaveBeenCalledOnce()
    arrive({ ok: true, text: async () => '' })
    await vi.advanceTimersByTimeAsync(0)
    expect(fetch).toHaveBeenCalledTimes(2)
    arrive({ ok: true, text: async () => '' })
    await vi.advanceTimersByTimeAsync(0)
    expect(fetch).toHaveBeenCalledTimes(2)
  })

  test.each(['its socket is closed for it', 'its page leads elsewhere'])(
    'SE-11 goes to the account page, once, when the session is over: %s',
    async how => {
      const { open, close, went, sockets } = openAccount(() => ({ type: 'opaqueredirect' }))
      const socket = open()
      if (how.includes('socket')) close(socket, 4001)
      else socket.onmessage(HEARD)
      await vi.advanceTimersByTimeAsync(LONG_MS)
      expect(went()).toEqual(['/account'])
      expect(sockets).toHaveLength(1)
    },
  )

  test('connects again, ever more slowly and never at a fixed time, and at once when it is online', async () => {
    const { sockets, open, close, emit } = openAccount()
    close(open(), 1006)
    for (let nth = 0; nth < 60; nth++) {
      await vi.advanceTimersByTimeAsync(10_000)
      const newest = sockets.at(-1) as FakeSocket
      if (newest.readyState === 0) close(newest, 1006)
    }
    expect(sockets.length).toBeGreaterThan(6)
    expect(sockets.length).toBeLessThan(25)
    const tried = sockets.length
    emit('online')
    expect(sockets).toHaveLength(tried + 1)
  })

  test('asks the page now and then while no socket opens, or storage does not answer', async () => {
    const blocked = openAccount()
    await vi.advanceTimersByTimeAsync(100_000)
    expect(blocked.fetch).toHaveBeenCalledTimes(4)
    const failing = openAccount(() => ({ ok: false, status: 503 }))
    failing.open()
    await vi.advanceTimersByTimeAsync(26_000)
    expect(failing.fetch).toHaveBeenCalledTimes(2)
    expect(failing.went()).toEqual([])
  })

  test('SE-10 times grow no older than a minute while a socket is there and says nothing', async () => {
    const { page, fetch, open } = openAccount()
    const socket = open()
    const beats = async (count: number) => {
      for (let nth = 0; nth < count; nth++) {
        await vi.advanceTimersByTimeAsync(25_000)
        socket.onmessage({ data: 'pong' })
      }
      return fetch.mock.calls.length
    }
    expect([await beats(1), await beats(1), await beats(4)]).toEqual([1, 2, 4])
    page.hidden = true
    expect(await beats(4)).toBe(4)
  })

  test('asks nothing at a beat while a socket is there, and gives up one that answers no more', async () => {
    const { sockets, fetch, open } = openAccount()
    const socket = open()
    await vi.advanceTimersByTimeAsync(26_000)
    socket.onmessage({ data: 'pong' })
    expect(fetch).toHaveBeenCalledTimes(1)
    await vi.advanceTimersByTimeAsync(25_000)
    expect([socket.sent, socket.isClosed]).toEqual([['ping', 'ping'], false])
    await vi.advanceTimersByTimeAsync(30_000)
    expect(socket.isClosed).toBe(true)
    expect(sockets).toHaveLength(2)
  })

  test('is one too many of its session: it listens no more, and asks instead', async () => {
    const { sockets, fetch, open, close } = openAccount()
    close(open(), 4003)
    await vi.advanceTimersByTimeAsync(100_000)
    expect([sockets.length, fetch.mock.calls.length]).toEqual([1, 5])
  })

  test('is silent while it is hidden, and true as soon as it is seen', async () => {
    const { page, sockets, fetch, emit, open, close } = openAccount()
    const socket = open()
    await vi.advanceTimersByTimeAsync(0)
    page.hidden = true
    socket.onmessage(HEARD)
    close(socket, 1006)
    await vi.advanceTimersByTimeAsync(LONG_MS)
    expect([sockets.length, fetch.mock.calls.length]).toEqual([1, 1])
    page.hidden = false
    emit('visibilitychange')
    expect([sockets.length, fetch.mock.calls.length]).toEqual([2, 2])
  })

  test('SE-17 leaves a form that is on its way alone: its answer may sign out', async () => {
    const { sockets, emit, open, close, went } = openAccount()
    const socket = open()
    emit('submit', { defaultPrevented: true })
    expect(socket.isClosed).toBe(false)
    emit('submit', { defaultPrevented: false })
    expect(socket.isClosed).toBe(true)
    close(socket, 4001)
    await vi.advanceTimersByTimeAsync(14_000)
    expect([went(), sockets.length]).toEqual([[], 1])
    await vi.advanceTimersByTimeAsync(2000)
    expect(sockets).toHaveLength(2)
  })

  test('lets go of its socket when it is left, and is true when it comes back; closes none that is not open', async () => {
    const { sockets, fetch, emit, open } = openAccount()
    emit('pagehide')
    emit('pageshow', { persisted: false })
    expect(sockets.map(({ isClosed }) => isClosed)).toEqual([false])
    emit('pageshow', { persisted: true })
    expect([sockets.length, fetch.mock.calls.length]).toEqual([2, 1])
    expect(open(sockets[0]).isClosed).toBe(true)
    open(sockets[1])
    emit('pagehide')
    await vi.advanceTimersByTimeAsync(LONG_MS)
    expect(sockets.map(({ isClosed }) => isClosed)).toEqual([true, true])
  })

  test('WB-10 makes no markup and says no word: all that it shows is a page of the server', () => {
    expect(ACCOUNT_SCRIPT).not.toMatch(
      /innerHTML|outerHTML|insertAdjacent|createElement|JSON|textContent = '/,
    )
  })
})
