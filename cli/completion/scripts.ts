/**
 * The completion script of each shell. They are thin: all of them ask `tp __complete -- WORD…`, which prints a line
 * `VALUE<tab>DESCRIPTION` for each candidate, or `:files` where the shell itself shall complete a file name.
 */

export const shells = ['bash', 'zsh', 'fish', 'powershell'] as const;
export type Shell = (typeof shells)[number];

/** Runs in bash 3.2, which macOS has. */
const bash = String.raw`# bash completion for tp
_tp() {
  # bash splits words at colons and equal signs too: take the line as it was typed.
  local line="\${COMP_LINE:0:COMP_POINT}" words candidate current shown
  read -r -a words <<< "$line"
  [[ "$line" == *' ' ]] && words+=('')
  current="\${words[\${#words[@]}-1]}"
  # What bash replaces is only the part after the last of them.
  shown="\${current##*[:=]}"
  COMPREPLY=()
  while IFS=$'\t' read -r candidate _; do
    if [[ "$candidate" == ':files' ]]; then
      compopt -o filenames 2> /dev/null
      while IFS= read -r candidate; do COMPREPLY+=("$candidate"); done < <(compgen -f -- "$shown")
    else
      COMPREPLY+=("\${candidate:\${#current}-\${#shown}}")
    fi
  done < <("\${words[0]}" __complete -- "\${words[@]:1}" 2> /dev/null)
}
complete -F _tp tp
`;

const zsh = String.raw`#compdef tp
# zsh completion for tp
_tp() {
  local line value description
  local -a described
  while IFS=$'\t' read -r value description; do
    if [[ "$value" == ':files' ]]; then
      _files
    else
      described+=("\${value//:/\\:}\${description:+:$description}")
    fi
  done < <("\${words[1]}" __complete -- "\${(@)words[2,CURRENT]}" 2> /dev/null)
  (( \${#described} )) && _describe tp described
}
compdef _tp tp
`;

const fish = String.raw`# fish completion for tp
function __tp_complete
  set -l words (commandline -opc) (commandline -ct)
  for line in ($words[1] __complete -- $words[2..] 2> /dev/null)
    if test "$line" = :files
      __fish_complete_path (commandline -ct)
    else
      echo $line
    end
  end
end
complete -c tp -f -a '(__tp_complete)'
`;

const powershell = String.raw`# PowerShell completion for tp
Register-ArgumentCompleter -Native -CommandName tp -ScriptBlock {
  param($wordToComplete, $commandAst, $cursorPosition)
  $words = @($commandAst.CommandElements | ForEach-Object { $_.ToString() })
  if ($wordToComplete -eq '') { $words += '' }
  $rest = @($words | Select-Object -Skip 1)
  & $words[0] __complete '--' @rest 2> $null | ForEach-Object {
    $value, $description = $_ -split "\`t", 2
    if ($value -eq ':files') {
      Get-ChildItem -Path "$wordToComplete*" | ForEach-Object {
        [System.Management.Automation.CompletionResult]::new($_.FullName)
      }
    } else {
      if (-not $description) { $description = $value }
      [System.Management.Automation.CompletionResult]::new($value, $value, 'ParameterValue', $description)
    }
  }
}
`;

const scripts: Readonly<Record<Shell, string>> = { bash, zsh, fish, powershell };

export function completionScript(shell: Shell): string {
  // String.raw keeps the backslash that keeps the template from taking the shell's own braces and backquotes.
  return scripts[shell].replaceAll('\\${', '${').replaceAll('\\`', '`');
}
