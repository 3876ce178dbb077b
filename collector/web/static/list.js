// The list's own: days in the filters mean the reader's days, so the server has to know the time zone.
for (const field of document.querySelectorAll('input[name="tz"]')) {
  if (field instanceof HTMLInputElement) field.value = Intl.DateTimeFormat().resolvedOptions().timeZone ?? ''
}
