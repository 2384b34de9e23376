import { keepAccountTrue } from './account-page.js'
import { scriptOf } from './script-of.ts'

export const ACCOUNT_SCRIPT = scriptOf(keepAccountTrue)
