// The table of everything that is served under /assets/. Names stay, contents change: the route sets a short max-age.
import { ACCOUNT_SCRIPT } from './account-script.ts'
import { ADMIN_STYLESHEET } from './admin-stylesheet.ts'
import { CHECK_SCRIPT } from './check-script.ts'
import { FORM_POST_SCRIPT } from './form-post-script.ts'
import { FORMS_SCRIPT } from './forms-script.ts'
import { ICON } from './icon.ts'
import { LINK_SCRIPT } from './link-script.ts'
import { STYLESHEET } from './stylesheet.ts'

export interface Asset {
  readonly type: string
  readonly body: string
}

const script = (body: string): Asset => ({ type: 'text/javascript; charset=utf-8', body })

export const ASSETS: Readonly<Record<string, Asset>> = {
  'latchkey.css': { type: 'text/css; charset=utf-8', body: STYLESHEET },
  'admin.css': { type: 'text/css; charset=utf-8', body: ADMIN_STYLESHEET },
  'icon.svg': { type: 'image/svg+xml', body: ICON },
  'account.js': script(ACCOUNT_SCRIPT),
  'check.js': script(CHECK_SCRIPT),
  'form-post.js': script(FORM_POST_SCRIPT),
  'forms.js': script(FORMS_SCRIPT),
  'link.js': script(LINK_SCRIPT),
}
