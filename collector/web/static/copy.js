// Copying: a click on [data-copy] goes in, the text of the element before it lies on the clipboard.

/** @param {Element} source */
const copyOf = async (source) => {
  const text = source instanceof HTMLInputElement ? source.value : (source.textContent ?? '')
  try {
    await navigator.clipboard.writeText(text.trim())
  } catch {
    // Plain http has no clipboard of its own; a selection can be copied everywhere.
    const range = document.createRange()
    range.selectNodeContents(source)
    getSelection()?.removeAllRanges()
    getSelection()?.addRange(range)
    return document.execCommand('copy')
  }
  return true
}

document.addEventListener('click', async (event) => {
  const button = event.target instanceof Element ? event.target.closest('button[data-copy]') : null
  const source = button?.previousElementSibling
  if (!button || !source) return
  const label = button.textContent
  button.textContent = (await copyOf(source)) ? 'Copied' : 'Press Ctrl+C'
  setTimeout(() => { button.textContent = label }, 2_000)
})
