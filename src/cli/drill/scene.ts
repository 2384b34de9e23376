// What the thief of key and database finds, and has of their own.
import type { Browser } from '../browser.ts'
import type { Thief } from './thief.ts'

export interface Scene {
  readonly thief: Thief
  /** Live tokens of the thief's own account, and a browser that is signed in to it. */
  readonly ownToken: string
  readonly ownRefreshToken: string
  readonly ownBrowser: Browser
  /** Texts that this instance has sealed for the thief: of a device, and of a request that waits in that browser. */
  readonly ownDeviceCode: string
  readonly ownRequest: string
  readonly victimId: string
  /** A sign-in to the victim's account that the thief has begun as an app, with its verifier, and one in a browser. */
  readonly appSignIn: { readonly id: string; readonly verifier: string }
  readonly thiefsBrowser: Browser
  /** Confidential clients of the instance: one with a secret, which may introspect, one with a key. */
  readonly introspecting: { readonly id: string; readonly secret: string }
  readonly keyed: { readonly id: string; readonly kid: string }
  /** Clients of devices, and one that has registered itself by an initial access token. */
  readonly ofDevices: { readonly id: string; readonly otherId: string }
  readonly selfRegistered: { readonly id: string }
}
