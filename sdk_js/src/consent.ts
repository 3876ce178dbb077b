// What the site says about consent goes in, what may be done comes out. What is not clear means: nothing.

/** granted: all. cookieless: nothing is kept in the browser. required: nothing is stored or sent yet. denied: everything is forgotten. */
export type Consent = 'granted' | 'cookieless' | 'required' | 'denied'

/**
 * `isAnswer`: the visitor's own answer, not configuration. A wish for privacy set in the browser (Global Privacy Control, Do Not Track)
 * makes everything `required` but an explicit grant or denial.
 */
export const consentFrom = (word: unknown, isAnswer?: boolean): Consent => {
  const { globalPrivacyControl, doNotTrack } = navigator as { globalPrivacyControl?: boolean; doNotTrack?: string | null }
  const isPrivate = globalPrivacyControl || doNotTrack == '1'
  const isKnown = /^(granted|cookieless|denied)$/.test(String(word))
  return isKnown && (!isPrivate || (isAnswer && word != 'cookieless')) ? (word as Consent) : 'required'
}
