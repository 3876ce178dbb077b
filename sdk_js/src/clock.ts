// Time and randomness, as the script's other files take them.

/** ms since the document's time origin, an integer that never goes back. */
export const now = (): number => Math.floor(performance.now())

/** The document's time origin, Unix ms by the visitor's clock. */
export const originMs = (): number => Math.round(performance.timeOrigin)

/** 16 random bytes. */
export const random16 = (): Uint8Array => crypto.getRandomValues(new Uint8Array(16))

/** A random id: 22 characters of base64url (its two signs count as one: 127 bits). */
export const randomId = (): string =>
  btoa(String.fromCharCode(...random16()))
    .slice(0, 22)
    .replace(/\W/g, '-')
