import { waitForSignIn } from './check-page.js'
import { scriptOf } from './script-of.ts'

export const CHECK_SCRIPT = scriptOf(waitForSignIn)
