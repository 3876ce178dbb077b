// What the site says about consent goes in, what may be done comes out. What is not clear means: nothing.

/** granted: all. cookieless: nothing is kept in the browser. required: nothing is stored or sent yet. denied: everything is forgotten. */
export type Consent = 'granted' | 'cookieless' | 'required' | 'denied'

/**
 * `isDefault`: the word is configuration, not the visitor's answer. A wish for privacy set in the browser (Global Privacy Control, Do Not
 * Track) makes everything `required` but an explicit grant or denial.
 */
export const consentFrom = (word: string, isDefault = false): Consent => {
  const { globalPrivacyControl, doNotTrack } = navigator as { globalPrivacyControl?: boolean; doNotTrack?: string | null }
  if (!isDefault && (word == 'granted' || word == 'denied')) return word
  const isPrivate = globalPrivacyControl || doNotTrack == '1'
  return !isPrivate && (word == 'granted' || word == 'cookieless') ? word : 'required'
}

/** The codes of the head of a batch. */
export const consentCode = (consent: Consent): number => (consent == 'granted' ? 1 : 2)
