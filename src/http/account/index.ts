// The account's own pages: a file for each thing that somebody does there.
import type { LatchkeyEnv } from '../context.ts'
import { Hono } from '../hono.ts'
import { accountApps } from './apps.ts'
import { accountArrivals } from './arrivals.tsx'
import { accountData } from './data.ts'
import { deletePages } from './delete.tsx'
import { emailPages } from './email.tsx'
import { accountLog } from './log.tsx'
import { notMePages } from './not-me.tsx'
import { accountOverview } from './overview.tsx'
import { accountPreferences } from './preferences.ts'
import { accountSessions } from './sessions.ts'

export const accountPages = new Hono<LatchkeyEnv>()

for (const pages of [
  accountOverview,
  accountSessions,
  accountArrivals,
  accountApps,
  accountLog,
  accountPreferences,
  emailPages,
  notMePages,
  accountData,
  deletePages,
]) {
  accountPages.route('/', pages)
}
