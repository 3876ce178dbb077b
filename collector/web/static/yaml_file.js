// A file of YAML: chosen in [data-into="ID"] it goes into the text area of that id. Nothing is sent before the form is.

const MAX_BYTES = 1 << 20

for (const input of document.querySelectorAll('input[data-into]')) {
  const into = document.getElementById(input instanceof HTMLElement ? (input.dataset['into'] ?? '') : '')
  if (!(input instanceof HTMLInputElement) || !(into instanceof HTMLTextAreaElement)) continue
  const field = input.closest('.field')
  if (field instanceof HTMLElement) field.hidden = false
  input.addEventListener('change', async () => {
    const file = input.files?.[0]
    if (!file) return
    input.setCustomValidity(file.size > MAX_BYTES ? 'This file is too large for rules.' : '')
    if (!input.reportValidity()) return
    into.value = await file.text()
    into.focus()
  })
}

export {} // a module: its names are its own
