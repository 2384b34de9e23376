// Members that many answers have.
import * as v from 'valibot'

/** RFC 3339, UTC. */
export const Time = v.pipe(v.string(), v.isoTimestamp())

export const Count = v.pipe(v.number(), v.integer())

export const NullableText = v.nullable(v.string())
