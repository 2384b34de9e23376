// The few drawings that pages use. They are decoration: hidden from screen readers, coloured by the text around them.
import type { FC } from 'hono/jsx'
import type { Device } from '../domain/session.ts'

export const Mark: FC = () => (
  <svg
    class="mark"
    viewBox="0 0 24 24"
    width="28"
    height="28"
    fill="none"
    stroke="currentColor"
    stroke-width="2.25"
    stroke-linecap="round"
    stroke-linejoin="round"
    aria-hidden="true"
    focusable="false"
  >
    <circle cx="8" cy="8" r="4.75" />
    <path d="M11.5 11.5 20.5 20.5M15.5 15.5l2.75-2.75M19 19l2.25-2.25" />
  </svg>
)

const DRAWINGS: Readonly<Record<Device['kind'], string>> = {
  phone:
    'M8 2.75h8a1.25 1.25 0 0 1 1.25 1.25v16a1.25 1.25 0 0 1-1.25 1.25H8A1.25 1.25 0 0 1 6.75 20V4A1.25 1.25 0 0 1 8 2.75ZM11 18.25h2',
  tablet:
    'M5.5 2.75h13A1.25 1.25 0 0 1 19.75 4v16a1.25 1.25 0 0 1-1.25 1.25h-13A1.25 1.25 0 0 1 4.25 20V4A1.25 1.25 0 0 1 5.5 2.75ZM11 18.25h2',
  desktop: 'M4.5 4.25h15A1.25 1.25 0 0 1 20.75 5.5v9.75H3.25V5.5A1.25 1.25 0 0 1 4.5 4.25ZM1.75 18.75h20.5',
  other:
    'M12 3.25a8.75 8.75 0 1 0 0 17.5a8.75 8.75 0 0 0 0-17.5ZM3.5 12h17M12 3.25c5 5 5 12.5 0 17.5c-5-5-5-12.5 0-17.5',
}

export const DeviceIcon: FC<{ readonly kind: Device['kind'] }> = ({ kind }) => (
  <svg
    class="device"
    viewBox="0 0 24 24"
    width="24"
    height="24"
    fill="none"
    stroke="currentColor"
    stroke-width="1.5"
    stroke-linecap="round"
    stroke-linejoin="round"
    aria-hidden="true"
    focusable="false"
  >
    <path d={DRAWINGS[kind]} />
  </svg>
)
