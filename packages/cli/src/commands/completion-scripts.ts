/** Each asks `changeover complete` what fits, so that a script never knows less than the program that it completes. */
export const COMPLETION_SCRIPTS = {
  bash: `# changeover: completion for bash. source <(changeover completion bash)
_changeover() {
  local found='' text
  COMPREPLY=()
  while IFS=$'\\t' read -r text found; do
    if [[ $text == :files ]]; then
      compopt -o filenames 2>/dev/null
      while IFS= read -r text; do COMPREPLY+=("$text"); done < <(compgen -f -- "\${COMP_WORDS[COMP_CWORD]}")
    else
      COMPREPLY+=("$text")
    fi
  done < <("\${COMP_WORDS[0]}" complete -- "\${COMP_WORDS[@]:1:COMP_CWORD}" 2>/dev/null)
}
complete -F _changeover changeover
`,
  zsh: `#compdef changeover
# changeover: completion for zsh. source <(changeover completion zsh), or keep it as _changeover in a folder of fpath.
_changeover() {
  local line
  local -a lines described
  lines=("\${(@f)$("\${words[1]}" complete -- "\${(@)words[2,CURRENT]}" 2>/dev/null)}")
  if [[ "\${lines[1]}" == ':files' ]]; then
    _files
    return
  fi
  for line in "\${lines[@]}"; do
    [[ -n "$line" ]] && described+=("\${line/$'\\t'/:}")
  done
  (( \${#described} )) && _describe changeover described
}
compdef _changeover changeover
`,
  fish: `# changeover: completion for fish. changeover completion fish | source
function __changeover_complete
    set -l before (commandline -opc)
    set -l found (command $before[1] complete -- $before[2..-1] (commandline -ct) 2>/dev/null)
    if test "$found[1]" = ':files'
        __fish_complete_path (commandline -ct)
    else
        printf '%s\\n' $found
    end
end
complete -c changeover -f -a '(__changeover_complete)'
`,
} as const
