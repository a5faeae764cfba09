import React, { useState } from 'react';
import { EditorField } from '@grafana/plugin-ui';
import { Input } from '@grafana/ui';

const DEFAULT_WIDTH = 24;

interface TextFieldProps {
  readonly id: string;
  readonly label: string;
  readonly tooltip?: string | undefined;
  readonly value: string;
  readonly placeholder?: string | undefined;
  /** At least, in @grafana/ui's units of 8 px. */
  readonly width?: number;
  readonly inputMode?: 'numeric';
  /** Error message for a text; undefined if it is valid. */
  readonly faultOf?: (text: string) => string | undefined;
  /** Receives a valid text once the writer has finished: on Enter, or on leaving the field with another text. */
  readonly onCommit: (text: string) => void;
}

/** A text that counts once it is finished, so that no query runs for each letter; Escape brings the saved one back. */
export function TextField({ id, label, tooltip, value, faultOf, onCommit, ...rest }: TextFieldProps) {
  const { placeholder = '', width = DEFAULT_WIDTH } = rest;
  const [draft, setDraft] = useState<string>();
  const text = draft ?? value;
  const fault = faultOf?.(text.trim());
  const commit = (): void => {
    // Invalid text stays in the field; the query keeps its last valid value.
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
        // Placeholders are longer in some languages; a unit has room for a letter, and two are padding.
        width={Math.max(width, placeholder.length + 2)}
        placeholder={placeholder}
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
