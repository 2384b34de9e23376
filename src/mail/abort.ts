// Giving up in time, whatever the work does.
import { MailNotAccepted } from './not-accepted.ts'

/** Settles as the work does, or throws MailNotAccepted as soon as the signal aborts. */
export async function untilAborted<T>(signal: AbortSignal, work: Promise<T>): Promise<T> {
  const { promise: aborted, reject } = Promise.withResolvers<never>()
  const give = () => reject(new MailNotAccepted('timed out'))
  if (signal.aborted) give()
  signal.addEventListener('abort', give, { once: true })
  try {
    return await Promise.race([work, aborted])
  } finally {
    signal.removeEventListener('abort', give)
  }
}
