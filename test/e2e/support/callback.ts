// An app that waits on this machine for the answer at its redirect URI, by query or by form.
import { once } from 'node:events'
import { createServer, type IncomingMessage } from 'node:http'
import type { AddressInfo } from 'node:net'

export interface Callback {
  readonly redirectUri: string
  /** The parameters of the next answer. */
  readonly next: () => Promise<Readonly<Record<string, string>>>
  readonly close: () => void
}

export async function startCallback(): Promise<Callback> {
  const waiting: ((parameters: Readonly<Record<string, string>>) => void)[] = []
  const server = createServer(async (request, response) => {
    const isCallback = request.url?.startsWith('/callback') ?? false
    response.writeHead(isCallback ? 200 : 404, { 'content-type': 'text/html', connection: 'close' })
    response.end(
      '<!DOCTYPE html><html lang="en"><link rel="icon" href="data:,"><title>App</title><h1>Back in the app</h1></html>',
    )
    if (!isCallback) return
    const query = request.method === 'POST' ? await bodyOf(request) : (request.url ?? '').split('?')[1]
    waiting.shift()?.(Object.fromEntries(new URLSearchParams(query)))
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  return {
    redirectUri: `http://127.0.0.1:${(server.address() as AddressInfo).port}/callback`,
    next: () => new Promise(resolve => waiting.push(resolve)),
    close: () => server.close(),
  }
}

async function bodyOf(request: IncomingMessage): Promise<string> {
  let text = ''
  for await (const chunk of request) text += chunk
  return text
}
