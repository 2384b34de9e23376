// Forms of the OAuth endpoints: texts, each read from one place.
import * as v from 'valibot'
import { CLIENT_PARAMETERS } from '../../oauth/client-authentication.ts'

type Texts = Readonly<Record<string, v.GenericSchema>>

/** Whether they have to be there depends on the rest of the request, so the schema leaves it open. */
export const texts = (names: readonly string[]): Texts =>
  Object.fromEntries(names.map(name => [name, v.optional(v.string())]))

/** A form by which a client also says who it is. */
export const clientForm = (names: readonly string[], required: Texts = {}) =>
  v.object({ ...required, ...texts([...names, ...CLIENT_PARAMETERS]) })
