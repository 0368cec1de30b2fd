/** What a check has to say about a place. */
export interface Finding {
  readonly path: string;
  /** From 1; 0 means the whole file. */
  readonly line: number;
  /** Names the check, for the allow list. */
  readonly rule: string;
  readonly message: string;
  /** A warning is printed and fails nothing. */
  readonly level: 'error' | 'warning';
}

export function formatFinding(finding: Finding): string {
  const place = finding.line > 0 ? `${finding.path}:${finding.line}` : finding.path;
  return `${place}  ${finding.level === 'warning' ? 'warning: ' : ''}${finding.message}  (${finding.rule})`;
}

/** Prints the findings and says whether the check holds. */
export function report(findings: readonly Finding[], done: string): boolean {
  for (const finding of findings) console.log(formatFinding(finding));
  const errors = findings.filter((finding) => finding.level === 'error').length;
  console.log(errors === 0 ? done : `${errors} to mend`);
  return errors === 0;
}
