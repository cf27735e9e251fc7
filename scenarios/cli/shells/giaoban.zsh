#compdef giaoban
# Words for giaoban in zsh: giaoban itself says which.
_giaoban() {
    local line
    local -a described
    for line in "${(@f)$(_GIAOBAN_COMPLETE=zsh ${(Q)words[1]} "${(@Q)words[2,CURRENT]}" 2>/dev/null)}"; do
        case $line in
            :files) _files ;;
            :folders) _files -/ ;;
            *$'\t'*) described+=("${${line%%$'\t'*}//:/\\:}:${line#*$'\t'}") ;;
            ?*) described+=("${line//:/\\:}") ;;
        esac
    done
    (( $#described )) && _describe giaoban described
}
if [[ $funcstack[1] == _giaoban ]]; then
    _giaoban "$@"
else
    (( $+functions[compdef] )) || { autoload -Uz compinit && compinit }
    compdef _giaoban giaoban
fi
