// A resource server on Node, with the routes of the example Worker, that asks the service over HTTP. A process of its own.
import { createServer } from 'node:http'
import { Hono } from '../../../src/http/hono.ts'
import { createRequireToken, overHttp } from '../../../src/resource/index.ts'

const { ISSUER: issuer = '', CLIENT_ID: clientId = '', CLIENT_SECRET: clientSecret = '' } = process.env
const audience = process.env.AUDIENCE ?? ''
const service = overHttp({ issuer, clientId, clientSecret, audience })
const requireToken = createRequireToken(() => service)

const app = new Hono()
app.get('/notes', requireToken(), c => c.body(null, 200))
app.post('/notes', requireToken({ mode: 'strong' }), c => c.body(null, 201))

createServer(async ({ method = '', url = '', headers: { authorization } }, response) => {
  const headers = authorization === undefined ? {} : { authorization }
  const { status } = await app.request(url, { method, headers })
  response.writeHead(status).end()
}).listen(Number(process.env.PORT), '127.0.0.1')
