# SPDX-License-Identifier: Apache-2.0
# typed.zsh SETUP LINE - what a terminal's zsh, set up so, makes of LINE and the Tab key.
zmodload zsh/zpty
export TERM=dumb
zpty z zsh -f -i
zpty -w z "PS1= PS2= RPS1=; $1"
zpty -w z 'show() { print -r -- "<<$BUFFER>>"; }; zle -N show; bindkey "^X" show; bindkey "^I" complete-word; print re""ady'
zpty -r z seen $'*ready\r\n*'
zpty -w -n z "$2"$'\t\x18'
zpty -r z seen '*<<*>>*'
print -r -- "${${seen##*<<}%%>>*}"
zpty -d z
