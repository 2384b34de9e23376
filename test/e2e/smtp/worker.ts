// Sends one mail, as told, from inside the Workers runtime.
import type { MailConfig } from '../../../src/config.ts'
import { createTransport } from '../../../src/mail/create-transport.ts'
import type { MailMessage } from '../../../src/mail/message.ts'

export interface SendRequest {
  readonly config: MailConfig
  readonly message: MailMessage
  readonly timeoutMs: number
}

const LINGER_MS = 3_000

export default {
  fetch: async (
    request: Request,
    env: { EMAIL: SendEmail },
    context: ExecutionContext,
  ): Promise<Response> => {
    // The end of an invocation closes its sockets. This one goes on, so what is closed sooner, the transport closed.
    context.waitUntil(scheduler.wait(LINGER_MS))
    const { config, message, timeoutMs } = await request.json<SendRequest>()
    try {
      const transport = createTransport(config, { fetch, emailBinding: env.EMAIL })
      await transport.send(message, {
        id: 'm_AAAAAAAAAAAAAAAAAAAAAA',
        signal: AbortSignal.timeout(timeoutMs),
      })
      return Response.json('accepted')
    } catch (error) {
      return Response.json(String(error))
    }
  },
}
