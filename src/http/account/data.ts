// Everything that Latchkey keeps about a user, to take away (GDPR Art. 15, 20): for the browser session only, since a
// token is never taken as a present user.

import { AccountData, accountDataText } from '../account-data.ts'
import { unauthorized } from '../bearer.ts'
import { findBrowserSession } from '../browser-session.ts'
import type { LatchkeyEnv } from '../context.ts'
import { Hono } from '../hono.ts'
import { operation } from '../openapi/operation.ts'
import { checkDownloadLimit } from '../rate-limit.ts'

export const accountData = new Hono<LatchkeyEnv>()

accountData.get(
  '/account/data.json',
  operation({
    summary: 'Everything that is kept about the user, the whole log included',
    by: 'browser',
    answers: { 200: AccountData },
    refusals: [429],
  }),
  async c => {
    const session = await findBrowserSession(c)
    if (session === null || c.req.header('Authorization') !== undefined) throw unauthorized()
    await checkDownloadLimit(c, session.userId)
    c.header('Content-Type', 'application/json')
    c.header('Content-Disposition', 'attachment; filename="latchkey-account.json"')
    return c.body(await accountDataText(c, session))
  },
)
