// Our own page: an element and what it shall show go in. Written only where it changes: a browser computes styles anew even for what stays.

/**
 * @param {Element} element
 * @param {string} text
 */
export const setText = (element, text) => {
  if (element.textContent !== text) element.textContent = text
}

/**
 * @param {HTMLElement} element
 * @param {boolean} isHidden
 */
export const setHidden = (element, isHidden) => {
  if (element.hidden !== isHidden) element.hidden = isHidden
}

/**
 * @param {Element} element
 * @param {string} name
 * @param {string} value
 */
export const setAttribute = (element, name, value) => {
  if (element.getAttribute(name) !== value) element.setAttribute(name, value)
}
