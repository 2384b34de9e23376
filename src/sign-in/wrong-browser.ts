// A link that we issued, sent from a browser or app that did not ask for it. One is a person with two devices; many, of one
// address or from one network, are somebody who gets at others' links. They are counted by the rate limiters, exactly and
// without a row; from WRONG_BROWSER_BURST in ten minutes on each raises the alarm.
import { log } from '../log.ts'
import type { FoundSignIn } from '../store/sign-ins.ts'
import type { Parts, RequestFacts } from './parts.ts'

/** Never throws: the link is refused, whether or not that can be counted. */
export async function noticeWrongBrowser(
  parts: Pick<Parts, 'limits' | 'alarms'>,
  { signIn, userId }: Pick<FoundSignIn, 'signIn' | 'userId'>,
  { now, clientIp, waitUntil }: RequestFacts,
): Promise<void> {
  try {
    if (await parts.limits.forWrongBrowser(signIn.address, clientIp, now)) return
  } catch {
    log('error', { event: 'wrong_browser.not_counted' })
    return
  }
  const detail = 'many links sent from where nobody had asked for them'
  const burst = {
    kind: 'link.wrong_browser_burst',
    kid: null,
    clientId: signIn.clientId,
    userId,
    detail,
  } as const
  parts.alarms.raise(burst, now, waitUntil)
}
