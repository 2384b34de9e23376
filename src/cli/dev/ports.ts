// Whether the ports are free, asked before anything starts.
import { createServer } from 'node:net'
import { type Settings, UsageError } from '../settings.ts'

/** Throws UsageError with one line for each port that is taken. */
export async function checkPortsFree(settings: Settings): Promise<void> {
  const wanted = [
    ['PORT', settings.port],
    ['MAIL_SMTP_PORT', settings.mailSmtpPort],
    ['MAIL_WEB_PORT', settings.mailWebPort],
  ] as const
  const taken: string[] = []
  for (const [variable, port] of wanted) {
    if (await isTaken(port)) {
      taken.push(`Port ${port} is in use by another program: stop it, or set ${variable} to a free port.`)
    }
  }
  if (taken.length > 0) throw new UsageError(taken.join('\n'))
}

const isTaken = async (port: number): Promise<boolean> =>
  (await refusesListener(port, '127.0.0.1')) || (await refusesListener(port, '::1'))

const refusesListener = (port: number, host: string): Promise<boolean> =>
  new Promise(resolve => {
    const server = createServer()
    // A machine without IPv6 has no ::1 to be taken: only these two mean that somebody is there, or may not be.
    server.once('error', (error: NodeJS.ErrnoException) =>
      resolve(error.code === 'EADDRINUSE' || error.code === 'EACCES'),
    )
    server.listen({ port, host, exclusive: true }, () => server.close(() => resolve(false)))
  })
