/** Begins with a capital letter, ends as a sentence does, and shows nothing of the program's inside. */
export const SENTENCE = /^(?!.*(?:goroutine|\.go:|json:|unmarshal|%!|dial tcp|x509:))[A-Z][\s\S]*[.!?)]$/;
