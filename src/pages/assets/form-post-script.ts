// Sends the one form of the page.

export const FORM_POST_SCRIPT = `'use strict'
document.forms[0].submit()
`
