// The empty document that the replay is drawn in: a frame element and an address go in, the document comes out, or why it is not there.

import { FetchError } from './request.js'

export class Shell {
  /**
   * @param {HTMLIFrameElement} iframe
   * @param {string} address
   */
  constructor(iframe, address) {
    this.iframe = iframe
    this.address = address
    this.isTried = false
  }

  /** @returns {Promise<Document>} */
  async load() {
    const { iframe, address } = this
    await new Promise((resolve, reject) => {
      iframe.addEventListener('load', resolve, { once: true })
      iframe.addEventListener('error', reject, { once: true })
      const doc = iframe.contentDocument
      if (this.isTried || iframe.getAttribute('src') !== address) iframe.src = address
      // The page has asked for it itself, and it has come, whatever it is. Before that an empty document stands there.
      else if (!doc || (doc.readyState === 'complete' && doc.URL !== 'about:blank')) resolve(null)
      this.isTried = true
    })
    const doc = iframe.contentDocument
    if (!doc || !isShell(doc, address)) throw new FetchError('The frame of the replay could not be loaded.', 0)
    return doc
  }
}

/**
 * Is this document the shell and nothing else?
 * @param {Document|null} doc
 * @param {string} shell
 */
export const isShell = (doc, shell) => !!doc && doc.readyState === 'complete' && new URL(doc.URL).pathname === new URL(shell, location.href).pathname
