/** Text of an encrypted value that was not decrypted: it is there, and nothing else is known. */
export const sealed = "[secret]";
