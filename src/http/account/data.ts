// Everything that Latchkey keeps about a user, to take away (GDPR Art. 15, 20): for the browser session only, since a
// token is never taken as a present user.
import { operation } from '#operation'
import { record } from '../../records/record.ts'
import { AccountData, accountDataText } from '../account-data.ts'
import { unauthorized } from '../bearer.ts'
import { findBrowserSession } from '../browser-session.ts'
import type { LatchkeyEnv } from '../context.ts'
import { checkOrigin } from '../csrf.ts'
import { Hono } from '../hono.ts'
import { checkDownloadLimit } from '../rate-limit.ts'

export const accountData = new Hono<LatchkeyEnv>()

accountData.get(
  '/account/data.json',
  operation({
    summary: 'Everything that is kept about the user, the whole log included',
    by: 'browser',
    answers: { 200: AccountData },
    refusals: [401, 403, 429],
  }),
  async c => {
    // A page of another site could tell by the download that somebody is signed in here, and use up the user's downloads.
    checkOrigin(c)
    const session = await findBrowserSession(c)
    if (session === null || c.req.header('Authorization') !== undefined) throw unauthorized()
    await checkDownloadLimit(c, session.userId)
    c.header('Content-Type', 'application/json')
    c.header('Content-Disposition', 'attachment; filename="latchkey-account.json"')
    const text = await accountDataText(c, session)
    record('user.downloaded')
    return c.body(text)
  },
)
