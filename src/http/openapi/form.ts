// Forms of the OAuth endpoints and of pages: texts, each read from one place.
import * as v from 'valibot'
import { CLIENT_PARAMETERS } from '../../oauth/client-authentication.ts'

type Texts = Readonly<Record<string, v.GenericSchema>>

/** Whether they have to be there depends on the rest of the request, so the schema leaves it open. */
export const texts = (names: readonly string[]): Texts =>
  Object.fromEntries(names.map(name => [name, v.optional(v.string())]))

/** A form by which a client also says who it is. */
export const clientForm = (names: readonly string[], required: Texts = {}) =>
  v.object({ ...required, ...texts([...names, ...CLIENT_PARAMETERS]) })

/** A form of a page of ours, which says so by its token; a script may say it by a header. */
export const pageForm = (required: Texts = {}, names: readonly string[] = []) =>
  v.object({ ...required, ...texts([...names, 'csrf_token']) })
