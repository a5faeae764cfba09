import React, { useState } from 'react';
import { EditorField } from '@grafana/plugin-ui';
import { Input } from '@grafana/ui';

interface TextFieldProps {
  readonly id: string;
  readonly label: string;
  readonly tooltip?: string | undefined;
  readonly value: string;
  readonly placeholder?: string | undefined;
  readonly width?: number;
  readonly inputMode?: 'numeric';
  /** What is wrong with a text, in a sentence; undefined where nothing is. */
  readonly faultOf?: (text: string) => string | undefined;
  /** Receives a valid text once the writer has finished: on Enter, or on leaving the field with another text. */
  readonly onCommit: (text: string) => void;
}

/** A text that counts once it is finished, so that no query runs for each letter; Escape brings the saved one back. */
export function TextField({ id, label, tooltip, value, width, faultOf, onCommit, ...rest }: TextFieldProps) {
  const [draft, setDraft] = useState<string>();
  const text = draft ?? value;
  const fault = faultOf?.(text.trim());
  const commit = (): void => {
    // What is invalid stays in the field to be corrected, and the query keeps its last valid value.
    if (fault !== undefined) return;
    const finished = text.trim();
    if (finished !== value) onCommit(finished);
    setDraft(undefined);
  };
  return (
    <EditorField
      label={label}
      htmlFor={id}
      invalid={fault !== undefined}
      {...(tooltip === undefined ? {} : { tooltip })}
      {...(fault === undefined ? {} : { error: fault })}
    >
      <Input
        id={id}
        value={text}
        width={width ?? 24}
        placeholder={rest.placeholder ?? ''}
        autoComplete="off"
        spellCheck={false}
        inputMode={rest.inputMode}
        onChange={(event) => setDraft(event.currentTarget.value)}
        onBlur={commit}
        onKeyDown={(event) => {
          if (event.key === 'Enter') commit();
          if (event.key === 'Escape') setDraft(undefined);
        }}
      />
    </EditorField>
  );
}
