// What is held against what, and what must be reached: an operation over its floor, in the same run.
import {
  endFloor,
  ending,
  introspection,
  type LoadPlan,
  listing,
  refreshFloor,
  refreshing,
  signInFloor,
  signingIn,
  withToken,
} from './loads.ts'
import { LISTED_SESSIONS } from './scene.ts'

export interface Comparison {
  /** For `--only`. */
  readonly name: string
  readonly operation: string
  readonly plan: LoadPlan
  readonly floor: string
  readonly floorPlan: LoadPlan
  /** The least throughput, as a share of the floor's; null where it is only shown. */
  readonly goal: number | null
}

const OPEN = 'the same route without the check'
const HELLO = 'Hono hello'
const VERIFY_READ = 'jwtVerify + one D1 read'

export const COMPARISONS: readonly Comparison[] = [
  {
    name: 'bounded-hot',
    operation: 'requireToken, bounded, one token',
    plan: withToken('resource', '/bounded'),
    floor: OPEN,
    floorPlan: withToken('resource', '/open'),
    goal: 0.9,
  },
  {
    name: 'bounded-spread',
    operation: 'requireToken, bounded, all tokens',
    plan: withToken('resource', '/bounded', 'spread'),
    floor: OPEN,
    floorPlan: withToken('resource', '/open', 'spread'),
    goal: 0.8,
  },
  {
    name: 'bounded-jwt',
    operation: 'requireToken, bounded, one token',
    plan: withToken('resource', '/bounded'),
    floor: 'a bare jwtVerify',
    floorPlan: withToken('resource', '/jwt'),
    goal: 2,
  },
  {
    name: 'introspection-hot',
    operation: 'introspection, bounded, one token',
    plan: introspection('service', '/oauth2/introspect'),
    floor: 'Hono hello of the same answer',
    floorPlan: introspection('floors', '/hello-introspection'),
    goal: 0.6,
  },
  {
    name: 'introspection-spread',
    operation: 'introspection, bounded, all tokens',
    plan: introspection('service', '/oauth2/introspect', 'spread'),
    floor: 'Hono hello of the same answer',
    floorPlan: introspection('floors', '/hello-introspection', 'spread'),
    goal: null,
  },
  {
    name: 'rpc',
    operation: 'RPC verify, bounded, one token',
    plan: withToken('resource', '/rpc'),
    floor: 'an RPC call that does nothing',
    floorPlan: withToken('resource', '/rpc-hello'),
    goal: null,
  },
  {
    name: 'rpc-strong',
    operation: 'RPC verify, strong, one token',
    plan: withToken('resource', '/rpc-strong'),
    floor: VERIFY_READ,
    floorPlan: withToken('floors', '/verify-read'),
    goal: null,
  },
  {
    name: 'strong-hot',
    operation: 'requireToken, strong, one token',
    plan: withToken('resource', '/strong'),
    floor: VERIFY_READ,
    floorPlan: withToken('floors', '/verify-read'),
    goal: 0.9,
  },
  {
    name: 'strong-spread',
    operation: 'requireToken, strong, all tokens',
    plan: withToken('resource', '/strong', 'spread'),
    floor: VERIFY_READ,
    floorPlan: withToken('floors', '/verify-read', 'spread'),
    goal: null,
  },
  {
    name: 'whoami',
    operation: '/ping/whoami, one token',
    plan: withToken('service', '/ping/whoami'),
    floor: VERIFY_READ,
    floorPlan: withToken('floors', '/verify-read'),
    goal: 0.8,
  },
  {
    name: 'refresh',
    operation: 'refresh',
    plan: refreshing,
    floor: 'its batch',
    floorPlan: refreshFloor,
    goal: 0.8,
  },
  {
    name: 'sign-in',
    operation: 'sign-in by code, a new user',
    plan: signingIn,
    floor: 'object call + its batch',
    floorPlan: signInFloor,
    goal: 0.7,
  },
  {
    name: 'end',
    operation: 'signing out',
    plan: ending,
    floor: 'object call + its batch',
    floorPlan: endFloor,
    goal: 0.7,
  },
  {
    name: 'list',
    operation: `a page of ${LISTED_SESSIONS} sessions`,
    plan: listing('service', '/v1/sessions'),
    floor: 'jwtVerify + its batch, its rows as JSON',
    floorPlan: listing('floors', '/verify-list?limit=100'),
    goal: 0.8,
  },
  {
    name: 'list-rows',
    operation: `a page of ${LISTED_SESSIONS} sessions`,
    plan: listing('service', '/v1/sessions'),
    floor: 'jwtVerify + 100 rows by key, as JSON',
    floorPlan: listing('floors', '/verify-rows?limit=100'),
    goal: null,
  },
  // Floors among themselves: what they are made of.
  {
    name: 'floor-verify',
    operation: 'jwtVerify',
    plan: withToken('floors', '/verify'),
    floor: HELLO,
    floorPlan: withToken('floors', '/hello'),
    goal: null,
  },
  {
    name: 'floor-read',
    operation: 'one D1 read',
    plan: withToken('floors', '/read'),
    floor: HELLO,
    floorPlan: withToken('floors', '/hello'),
    goal: null,
  },
  {
    name: 'floor-verify-read',
    operation: VERIFY_READ,
    plan: withToken('floors', '/verify-read'),
    floor: HELLO,
    floorPlan: withToken('floors', '/hello'),
    goal: null,
  },
]
