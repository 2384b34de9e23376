// A client as operators see it: its registration, without digests of secrets.
import * as v from 'valibot'
import type { Client } from '../domain/client.ts'
import { rfc3339 } from '../domain/time.ts'
import { RegistrationFields } from '../oauth/registration/schema.ts'
import { Time } from './openapi/fields.ts'

const fields = RegistrationFields.entries

/** What is registered, with everything that was left out filled in. */
export const ClientView = v.pipe(
  v.object({
    ...fields,
    client_id: v.string(),
    grant_types: fields.grant_types.wrapped,
    token_endpoint_auth_method: fields.token_endpoint_auth_method.wrapped,
    created_at: Time,
    /** Until when the secret before the last rotation opens as well. */
    former_secret_until: v.nullable(Time),
  }),
  v.title('Client'),
)

export function clientView(client: Client): Readonly<Record<string, unknown>> {
  const { id, secretDigest: _, formerSecret, createdAt, ...registration } = client
  return {
    client_id: id,
    ...registration,
    created_at: rfc3339(createdAt),
    former_secret_until: formerSecret === null ? null : rfc3339(formerSecret.until),
  }
}
